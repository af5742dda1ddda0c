/** Lists with pages. */
import type * as wire from '../../bindings';

/** The part of a list that is read. */
export interface PaginationParams {
  /** The number of the page. Default: 1. */
  initialPage?: number;
  /** The number of items on a page. Default: 10. */
  pageSize?: number;
}

/** A page of a list. */
export interface ClerkPaginatedResponse<Item> {
  data: Item[];
  /** The number of items on all pages. */
  total_count: number;
}

/** Converts a page. */
export function page<Data, Item>(
  { data, totalCount }: wire.Page<Data>,
  convert: (data: Data) => Item,
): ClerkPaginatedResponse<Item> {
  return { data: data.map(convert), total_count: totalCount };
}

/** The parameters of a list that can be filtered by status. */
export function listParams({
  status,
  ...params
}: PaginationParams & { status?: string | string[] }): wire.StatusListParams {
  return { ...params, ...(status !== undefined && { status: [status].flat() }) };
}
