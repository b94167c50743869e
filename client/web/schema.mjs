// Reads ../../schemas/deedbook.cddl into the table by which the verifiers in TypeScript and Python
// check and name what is inside a record. Only the subset of CDDL that the file uses is understood;
// anything else stops the build.
//
// A type is
//   "uint" "tstr" "bstr" "bool" "null" "share", the name of a rule, "b32" (32 bytes), "0..255" (a range),
//   7 (that number), ["=", word, …] (an enumeration from 0), ["/", type, …] (a choice),
//   ["*", type] (a list), [type, …] (a tuple; its last may be ["?", type], which may be absent) or {"4? price": type, …} (a map: key, ? if it may be
//   absent, and a word for people, from the CDDL's comment).
// A share is also checked in code: it is reduced, above zero and at most one.

const TOKEN = /;[^\n]*|"[^"]*"|-?\d+(?:\.\.-?\d+)?|\.[a-z]+|[a-z][a-z0-9-]*|[{}[\](),=/?:*]/g;

export function table(cddl) {
  const kinds = Object.fromEntries(
    [...cddl.matchAll(/^payload-([a-z-]+) = payload<([a-z-]+)>$/gm)].map((m) => [m[1], m[2]]),
  );
  const sources = ruleSources(cddl);
  const rules = {};
  const wanted = [...Object.values(kinds), "evidence-manifest", "attestation", "outcome", "seal"];
  wanted.push("state-title", "state-power", "state-instrument", "state-party");
  while (wanted.length > 0) {
    const name = wanted.pop();
    if (name in rules || BUILT_IN.has(name)) continue;
    if (!(name in sources)) throw new Error(`${name}: no such rule`);
    rules[name] = new Parser(name, sources[name], (used) => wanted.push(used)).rule();
  }
  const sorted = Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { kinds, rules: sorted };
}

const BUILT_IN = new Set(["uint", "tstr", "bstr", "bool", "null", "share"]);

/** Rule name to its tokens; comment lines above a rule come first. */
function ruleSources(cddl) {
  const sources = {};
  let above = [];
  let current = null;
  for (const line of cddl.split("\n")) {
    const start = /^([a-z][a-z0-9-]*) = ?(.*)$/.exec(line);
    if (start) {
      current = sources[start[1]] = [...above];
      current.push(...tokens(start[2]));
    } else if (line.startsWith(";")) {
      above.push(...tokens(line));
      current = null;
      continue;
    } else if (current && /^[\s}\])/]/.test(line)) {
      current.push(...tokens(line));
    }
    above = line === "" || start ? [] : above;
  }
  return sources;
}

function tokens(line) {
  return (line.match(TOKEN) ?? []).concat("\n");
}

function words(comment) {
  return comment.replace(/^;\s*/, "").replace(/\s*\([^)]*\)/g, "").trim();
}

class Parser {
  constructor(name, source, use) {
    const first = source.findIndex((token) => token !== "\n" && !token.startsWith(";"));
    this.above = source.slice(0, first).filter((token) => token.startsWith(";")).map(words);
    this.tokens = source.slice(first);
    this.name = name;
    this.use = use;
    this.at = 0;
  }

  fail() {
    throw new Error(`${this.name}: cannot read ${this.tokens.slice(this.at, this.at + 5).join(" ")}`);
  }

  /** Next token but line ends and comments. */
  peek() {
    let at = this.at;
    while (at < this.tokens.length && /^[\n;]/.test(this.tokens[at])) at += 1;
    return this.tokens[at];
  }

  next() {
    while (/^[\n;]/.test(this.tokens[this.at] ?? "")) this.at += 1;
    this.at += 1;
    return this.tokens[this.at - 1];
  }

  take(token) {
    if (this.peek() !== token) return false;
    this.next();
    return true;
  }

  /** A word for what was just read: the comment beside it, up to its first comma, or `type`'s name. */
  word(type) {
    const beside = this.tokens[this.at] ?? "";
    if (beside.startsWith(";")) return words(beside).split(",")[0].split(": ").at(-1);
    const name = Array.isArray(type) ? type.at(-1) : type;
    return typeof name === "string" ? name.replaceAll("-", " ") : "";
  }

  rule() {
    const type = this.type();
    if (type[0] !== "/" || type.slice(1).some((one) => typeof one !== "number")) return type;
    const line = this.tokens.slice(this.at).find((token) => token.startsWith(";"));
    const list = (line ? words(line) : this.above.join(" ")).split(/,\s*/);
    if (list.length !== type.length - 1) throw new Error(`${this.name}: a word for each number`);
    return ["=", ...list];
  }

  type() {
    const types = [this.single()];
    while (this.take("/")) types.push(this.single());
    return types.length === 1 ? types[0] : ["/", ...types];
  }

  single() {
    const token = this.next();
    if (token === "{") return this.members();
    if (token === "[") return this.array();
    if (/^-?\d+\.\./.test(token)) return token;
    if (/^-?\d+$/.test(token)) return Number(token);
    if (!/^[a-z]/.test(token)) this.fail();
    if (this.take(".size")) return `b${this.next()}`;
    if (this.take(".le")) return `0..${this.next()}`;
    // What a text says is judged by the law, not by whoever reads its bytes.
    if (this.take(".regexp")) return this.next() && token;
    this.use(token);
    return token;
  }

  members() {
    const members = {};
    while (!this.take("}")) {
      const absent = this.take("?") ? "?" : "";
      const key = this.next();
      if (!this.take(":")) this.fail();
      const type = this.type();
      this.take(",");
      // A map of one line has its comment after the brace.
      const closed = this.tokens[this.at] === "}" && this.take("}");
      members[`${key}${absent} ${this.word(type)}`.trim()] = type;
      if (closed) break;
    }
    return members;
  }

  array() {
    if (this.take("*")) {
      const type = this.type();
      if (!this.take("]")) this.fail();
      return ["*", type];
    }
    const parts = [];
    while (!this.take("]")) {
      const absent = this.take("?");
      const type = this.type();
      parts.push(absent ? ["?", type] : type);
      this.take(",");
    }
    return parts;
  }
}
