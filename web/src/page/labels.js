/** What edits are called on the page. */

// Of each column of the paper: title, what the two edits are called, and a drawing in 24x24.
const KNOWN = {
  Eyeglasses: {
    title: 'Glasses',
    adds: 'Add',
    removes: 'Remove',
    icon: 'M3 12a4 4 0 1 0 8 0 4 4 0 1 0-8 0M13 12a4 4 0 1 0 8 0 4 4 0 1 0-8 0M11 11q1-1 2 0M3 11l-1-2M21 11l1-2',
  },
  Mouth_Slightly_Open: {
    title: 'Mouth',
    adds: 'Open',
    removes: 'Close',
    icon: 'M3 12q4.5-6 7-5 2 1 4 0 2.5-1 7 5-4 6-9 6t-9-6zM6 12q6-2 12 0-3 3-6 3t-6-3z',
  },
  Smiling: {
    title: 'Smile',
    adds: 'Add',
    removes: 'Remove',
    icon: 'M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0M7.5 13.5q4.5 5 9 0M9 9v.5M15 9v.5',
  },
  No_Beard: {
    title: 'Beard',
    adds: 'Remove',
    removes: 'Add',
    icon: 'M5 5q0 15 7 16 7-1 7-16-1 8-4 8-3-2-6 0-3 0-4-8M9.5 16h5',
    addsLast: true,
  },
  Young: {
    title: 'Age',
    adds: 'Younger',
    removes: 'Older',
    icon: 'M7 3h10M7 21h10M8 3q0 5 4 9 4-4 4-9M8 21q0-5 4-9 4 4 4 9M10 18h4',
  },
  Male: {
    title: 'Features',
    adds: 'Male',
    removes: 'Female',
    icon: 'M12 3a9 9 0 0 0 0 18zM12 3a9 9 0 0 1 0 18M8 10v.5M16 10v.5M8.5 15q3.5 2.5 7 0',
    addsLast: true,
  },
};
const OTHER_ICON = 'M12 3l2.5 6.5L21 12l-6.5 2.5L12 21l-2.5-6.5L3 12l6.5-2.5z';

/** The edits in pairs, one for each column.
 *
 * @param bundles what `bundles.listed()` gave.
 * @returns of each {title, icon, edits}: of those there are, {bundle, label, name}: what its button says, and
 *     what it is called where no title stands beside it.
 */
export function pairsOf(bundles) {
  const columns = [...new Set(bundles.map((bundle) => bundle.column))];
  return columns.map((column) => {
    const known = KNOWN[column] ?? {
      title: words(column),
      adds: 'Add',
      removes: 'Remove',
      icon: OTHER_ICON,
    };
    const edits = bundles
      .filter((bundle) => bundle.column === column)
      .map((bundle) => {
        const label = bundle.adds ? known.adds : known.removes;
        return {bundle, label, name: `${known.title}: ${label}`};
      })
      .sort((one, other) => (known.addsLast ? -1 : 1) * (other.bundle.adds - one.bundle.adds));
    return {title: known.title, icon: known.icon, edits};
  });
}

function words(name) {
  const text = name.replaceAll('_', ' ').toLowerCase();
  return text[0].toUpperCase() + text.slice(1);
}
