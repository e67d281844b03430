// The model that the page is written against: anywidget's interface, so that the same page can be a notebook's widget.

export type Listener = (...values: any[]) => void;

export interface Model {
  get(key: string): any;
  set(key: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: Listener): void;
  off(event: string, listener: Listener): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBufferView[]): void;
}

/** State and listeners: what every model needs, however its messages travel. */
export abstract class BaseModel implements Model {
  private state = new Map<string, unknown>();
  private changed = new Map<string, unknown>();
  private listeners = new Map<string, Set<Listener>>();

  get(key: string): any {
    return this.state.get(key);
  }

  set(key: string, value: unknown): void {
    this.state.set(key, value);
    this.changed.set(key, value);
  }

  save_changes(): void {
    if (this.changed.size === 0) return;
    const state = Object.fromEntries(this.changed);
    this.changed.clear();
    this.push(state);
  }

  on(event: string, listener: Listener): void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  abstract send(content: unknown, callbacks?: unknown, buffers?: ArrayBufferView[]): void;

  /** Send changed state to the other side. */
  protected abstract push(state: Record<string, unknown>): void;

  /** State that the other side changed. */
  protected receive(state: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(state)) this.state.set(key, value);
    for (const [key, value] of Object.entries(state)) this.emit(`change:${key}`, value);
  }

  protected emit(event: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...values);
  }
}
