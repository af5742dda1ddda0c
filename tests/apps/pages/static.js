// The app without the plugin: a text that is known from the start.
import { show } from './report';

show('Ada Lovelace');
