// Tables as kubectl prints them.

/** The first row is the header. Cells that are empty are told as such. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, shown(cell).length);
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === row.length - 1 ? shown(cell) : shown(cell).padEnd((widths[at] ?? 0) + 3)))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

function shown(cell: string): string {
  return cell === "" ? "<none>" : cell;
}
