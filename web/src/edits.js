/** What is done to a face. */

/** What the page offers. In Python a strength may be negative too; here the opposite edit has its own button. */
export const HIGHEST_STRENGTH = 2;
export const TRAINED_STRENGTH = 1;

/** Whether one edit is the way back of another: objects with `column` and `adds`. */
export function undoes(edit, other) {
  return edit.column === other.column && edit.adds !== other.adds;
}
