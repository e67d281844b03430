// Formulas in MathML: symbols beside numbers, as the engine's trace wrote them.
import { type ComponentChildren, type JSX, h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Node, parseNotation } from "./notation.ts";
import type { Formula } from "./types.ts";

function mathml(node: Node): any {
  switch (node.kind) {
    case "number":
      return h("mn", null, node.text);
    case "name":
      return node.text.length > 2 && !/[∂′]/.test(node.text)
        ? h("mi", { mathvariant: "normal" }, node.text)
        : h("mi", null, node.text);
    case "sign":
      return h("mo", null, node.text);
    case "words":
      return h("mtext", null, node.text);
    case "row":
      return h("mrow", null, node.parts.map(mathml));
    case "root":
      return h("msqrt", null, mathml(node.inside));
    case "fraction":
      return h("mfrac", null, mathml(node.over), mathml(node.under));
    case "fence":
      return h("mrow", null, h("mo", null, node.open), mathml(node.inside), h("mo", null, node.close));
    case "scripts":
      if (node.low && node.high) return h("msubsup", null, mathml(node.base), mathml(node.low), mathml(node.high));
      if (node.low) return h("msub", null, mathml(node.base), mathml(node.low));
      return h("msup", null, mathml(node.base), mathml(node.high!));
  }
}

/** One expression in MathML; large where it stands on a line of its own. */
export const Expression = ({ text, large = false }: { text: string; large?: boolean }): JSX.Element =>
  h(
    "math",
    { "data-text": text, displaystyle: large ? "true" : undefined } as any,
    mathml(parseNotation(text)),
  ) as JSX.Element;

/** Lines that the keyboard scrolls, where they are longer than their place. */
function Lines({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = ref.current!;
    const look = () => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    };
    const observer = new ResizeObserver(look);
    for (const each of [box, ...box.children]) observer.observe(each);
    return () => observer.disconnect();
  });
  return (
    <div ref={ref} class="steps" role="group" aria-label={name}>
      {children}
    </div>
  );
}

/** One calculation: what, = in symbols, = in numbers, = what came out. */
export function FormulaView({ formula }: { formula: Formula }): JSX.Element {
  const { left, symbols, numbers, result } = formula;
  const strip = numbers.replace(/^\(|\)$/g, "");
  const steps = [symbols, strip === result ? "" : numbers].filter(Boolean);
  return (
    <div class="formula" data-left={left} data-result={result}>
      <span class="left">
        <Expression text={left} large />
      </span>
      <Lines name={left}>
        {steps.map((text, place) => (
          <span key={place} class={place === 0 && symbols ? "symbols" : "numbers"}>
            <b>=</b> <Expression text={text} large />
          </span>
        ))}
        <span class="result">
          <b>=</b> <Expression text={result} />
        </span>
      </Lines>
    </div>
  );
}
