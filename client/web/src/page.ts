// The page: two files in, plain words out. It builds text nodes only, so nothing that a file says
// can become markup, and it has no way to reach a network.

import { STATE_RECEIPT_BYTES_MAX } from "./limits";
import { verify, type Proven } from "./verify";


type Part = "file" | "policy";
const chosen: Partial<Record<Part, Uint8Array>> = {};

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

function add(parent: HTMLElement, name: string, text: string, className = ""): HTMLElement {
  const child = document.createElement(name);
  child.textContent = text;
  child.className = className;
  parent.append(child);
  return child;
}

async function take(part: Part, file: File): Promise<void> {
  const name = element(`${part}-name`);
  delete chosen[part];
  if (file.size > STATE_RECEIPT_BYTES_MAX) {
    name.textContent = `${file.name} is too large to be one.`;
  } else {
    try {
      chosen[part] = new Uint8Array(await file.arrayBuffer());
      name.textContent = `${file.name}, ${file.size} bytes`;
    } catch {
      name.textContent = `${file.name} cannot be read. Is it a file, and still there?`;
    }
  }
  show();
}

function show(): void {
  const result = element("result");
  const { file, policy } = chosen;
  result.replaceChildren();
  result.className = "";
  delete result.dataset.ms;
  if (file === undefined || policy === undefined) return;
  const started = performance.now();
  const outcome = verify(file, policy);
  result.dataset.ms = (performance.now() - started).toFixed(2);
  if (outcome.proven) {
    result.className = "proven";
    showProven(result, outcome);
  } else {
    result.className = "refused";
    add(result, "p", "Not proven.", "verdict");
    add(result, "p", `${outcome.error.charAt(0).toUpperCase()}${outcome.error.slice(1)}.`);
    add(result, "p", "Do not rely on this file under this policy.");
  }
}

const GRADES = {
  accepted: "Accepted: your policy accepts it, and says nothing of the ledger's validators.",
  committed: "Committed: enough of the ledger's validators vouch for it, and nobody outside them.",
  witnessed: "Witnessed: enough of the ledger's validators vouch for it, and somebody outside them.",
};

function showProven(result: HTMLElement, proven: Proven): void {
  add(result, "p", "Proven.", "verdict");
  add(result, "p", proven.headline, "headline");
  add(result, "h2", "What it says");
  list(result, proven.details);
  add(result, "h2", "Who vouches for it");
  add(result, "p", GRADES[proven.grade]);
  add(result, "p", proven.vouched);
  add(result, "h2", "What it does not prove");
  list(result, proven.limits);
}

function list(parent: HTMLElement, lines: readonly string[]): void {
  const items = add(parent, "ul", "");
  for (const line of lines) add(items, "li", line);
}

function start(part: Part): void {
  const input = element(part) as HTMLInputElement;
  const area = element(`drop-${part}`);
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file !== undefined) void take(part, file);
  });
  area.addEventListener("dragover", () => area.classList.add("over"));
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    area.classList.remove("over");
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined) void take(part, file);
  });
}

// A file dropped beside the areas must not replace the page.
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => event.preventDefault());
}
element("files").addEventListener("submit", (event) => event.preventDefault());
start("file");
start("policy");
