// The textbook's notation, one line of Unicode, read into a tree that MathML can show: w₁₂⁽²⁾·a₁ + b₂, √(s) + ε, 1 / (1 + exp(−z₁)).

export type Node =
  | { kind: "number" | "name" | "sign" | "words"; text: string }
  | { kind: "row"; parts: Node[] }
  | { kind: "scripts"; base: Node; low: Node | null; high: Node | null }
  | { kind: "root"; inside: Node }
  | { kind: "fraction"; over: Node; under: Node }
  | { kind: "fence"; open: string; close: string; inside: Node };

const LOW = "₀₁₂₃₄₅₆₇₈₉";
const HIGH: Record<string, string> = {
  "⁰": "0",
  "¹": "1",
  "²": "2",
  "³": "3",
  "⁴": "4",
  "⁵": "5",
  "⁶": "6",
  "⁷": "7",
  "⁸": "8",
  "⁹": "9",
  "⁽": "(",
  "⁾": ")",
  ᵘ: "u",
  ᵗ: "t",
};
const CLOSING: Record<string, string> = { "(": ")", "[": "]" };
const LETTER = /[\p{L}\p{M}]/u;
const NUMBER = /^\d+(?:\.\d+)?(?:e[−+]?\d+)?/u;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Node {
    const node = this.expression("");
    if (this.at < this.text.length) return { kind: "words", text: this.text };
    return node;
  }

  private peek(): string {
    const code = this.text.codePointAt(this.at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  private expression(closing: string): Node {
    const parts: Node[] = [];
    while (this.at < this.text.length) {
      const next = this.peek();
      if (next === closing) break;
      if (next === " ") {
        if (this.text.startsWith(" / ", this.at)) {
          this.at += 3;
          const over = parts.pop() ?? { kind: "row", parts: [] };
          parts.push({ kind: "fraction", over: bare(over), under: bare(this.factor()) });
        } else this.at++;
        continue;
      }
      if (/[+−·=,<>|‖≤≥·]/u.test(next)) {
        this.at += next.length;
        parts.push({ kind: "sign", text: next });
        continue;
      }
      parts.push(this.factor());
    }
    return parts.length === 1 ? parts[0]! : { kind: "row", parts };
  }

  /** A number, a name or a group, with what stands high or low behind it. */
  private factor(): Node {
    const start = this.at;
    let node = this.base();
    const isDifference = node.kind === "name" && node.text.startsWith("∂");
    node = this.scripts(node);
    if (isDifference && this.text[this.at] === "/") {
      this.at++;
      return { kind: "fraction", over: node, under: this.scripts(this.base()) };
    }
    if (this.peek() === "(" && (node.kind === "name" || node.kind === "scripts"))
      node = { kind: "row", parts: [node, this.scripts(this.base())] };
    if (this.at === start) {
      const sign = this.peek();
      this.at += sign.length;
      return { kind: "sign", text: sign };
    }
    return node;
  }

  private base(): Node {
    const rest = this.text.slice(this.at);
    const number = NUMBER.exec(rest);
    if (number) {
      this.at += number[0].length;
      return { kind: "number", text: number[0] };
    }
    const next = this.peek();
    if (next === "√" && this.text[this.at + 1] === "(") {
      this.at++;
      const group = this.base();
      return { kind: "root", inside: group.kind === "fence" ? group.inside : group };
    }
    const close = CLOSING[next];
    if (close) {
      this.at++;
      const inside = this.expression(close);
      this.at++;
      return { kind: "fence", open: next, close, inside };
    }
    if (rest.startsWith("new ")) {
      this.at += 4;
      return { kind: "row", parts: [{ kind: "words", text: "new\u2009" }, this.scripts(this.base())] };
    }
    let text = "";
    if (next === "∂") {
      text = next;
      this.at++;
    }
    while (
      this.at < this.text.length &&
      (LETTER.test(this.peek()) || (text && this.peek() === "′")) &&
      !(this.peek() in HIGH)
    ) {
      text += this.peek();
      this.at += this.peek().length;
    }
    if (text) return { kind: "name", text };
    this.at += next.length;
    return { kind: "sign", text: next };
  }

  private scripts(base: Node): Node {
    let low = "";
    let high = "";
    let power: Node | null = null;
    for (;;) {
      const next = this.peek();
      if (LOW.includes(next) && next) low += LOW.indexOf(next);
      else if (next === "," && low && LOW.includes(this.text[this.at + 1] ?? " ")) low += ",";
      else if (next && next in HIGH) high += HIGH[next];
      else if (next === "^") {
        this.at++;
        power = bare(this.base());
        continue;
      } else break;
      this.at += next.length;
    }
    if (!low && !high && !power) return base;
    const lowNode: Node | null = low ? { kind: "number", text: low } : null;
    const highNode: Node | null = power ?? (high ? { kind: "words", text: high } : null);
    return { kind: "scripts", base, low: lowNode, high: highNode };
  }
}

/** What a fraction needs no parentheses around. */
const bare = (node: Node): Node => (node.kind === "fence" && node.open === "(" ? node.inside : node);

export const parseNotation = (text: string): Node => new Reader(text).read();

/** A tree as plain text again, for tests and screen readers without MathML. */
export function plain(node: Node): string {
  switch (node.kind) {
    case "row":
      return node.parts.map(plain).join("");
    case "scripts":
      return plain(node.base) + (node.low ? `_${plain(node.low)}` : "") + (node.high ? `^${plain(node.high)}` : "");
    case "root":
      return `√{${plain(node.inside)}}`;
    case "fraction":
      return `{${plain(node.over)}}/{${plain(node.under)}}`;
    case "fence":
      return node.open + plain(node.inside) + node.close;
    default:
      return node.text;
  }
}
