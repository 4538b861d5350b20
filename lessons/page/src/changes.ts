// What differs between two traces: a worker sends no more than that.

/** What makes `now` of `old`: nothing, [now] in its place, or changes of some members. */
export type Change = undefined | [unknown] | { [member: string]: Change };

type Members = Record<string, unknown>;
const isObject = (x: unknown): x is Members => typeof x === "object" && x !== null;
function sameMembers(a: Members, b: Members): boolean {
  const keys = Object.keys(b);
  return Array.isArray(a) === Array.isArray(b) && Object.keys(a).length === keys.length && keys.every((key) => key in a);
}

/** Members are followed so many levels deep; below that a change replaces the whole. */
export function changed(old: unknown, now: unknown, depth: number): Change {
  if (old === now) return undefined;
  if (!isObject(old) || !isObject(now) || !sameMembers(old, now)) return [now];
  const change: { [member: string]: Change } = {};
  let any = false;
  for (const key of Object.keys(now)) {
    const its = changed(old[key], now[key], depth - 1);
    if (its === undefined) continue;
    if (depth === 0) return [now];
    change[key] = its;
    any = true;
  }
  return any ? change : undefined;
}

/** `old` is left as it is; what has not changed is shared with it. */
export function apply(old: unknown, change: Change): unknown {
  if (change === undefined) return old;
  if (Array.isArray(change)) return change[0];
  const made = (Array.isArray(old) ? [...old] : { ...(old as Members) }) as Members;
  for (const [key, its] of Object.entries(change)) made[key] = apply(made[key], its);
  return made;
}
