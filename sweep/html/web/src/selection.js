// Which trials are meant: those that the filter's text lets through and that lie in every brush. Every figure draws
// them and is told when they change.

export class Selection {
  constructor(data) {
    this.data = data;
    this.isMet = new Uint8Array(data.rows).fill(1); // the condition, of each row
    this.brushes = new Map();
    this.mask = new Uint8Array(data.rows).fill(1);
    this.count = data.rows;
    this.listeners = [];
  }
  onChange(listener) {
    this.listeners.push(listener);
  }
  get isAll() {
    return this.count === this.data.rows;
  }
  /** `holds`: of a row, or null for no condition. */
  setFilter(holds) {
    for (let row = 0; row < this.data.rows; ++row) this.isMet[row] = !holds || holds(row) ? 1 : 0;
    this.update();
  }
  /** `holds`: of a row, or null to take the brush away. `hurry` is told at once, the others a moment later. */
  setBrush(key, holds, hurry) {
    if (holds) this.brushes.set(key, holds);
    else this.brushes.delete(key);
    this.update(hurry);
  }
  clearBrushes() {
    this.brushes.clear();
    this.onClear?.();
  }
  update(hurry) {
    this.mask.set(this.isMet);
    for (const holds of this.brushes.values())
      for (let row = 0; row < this.data.rows; ++row) if (this.mask[row] && !holds(row)) this.mask[row] = 0;
    this.count = 0;
    for (let row = 0; row < this.data.rows; ++row) this.count += this.mask[row];
    hurry?.();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.listeners.forEach((listener) => listener !== hurry && listener()), hurry ? 120 : 0);
  }
}
