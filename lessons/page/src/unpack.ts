/** The text that was packed with gzip and written as base64. */
export async function unpack(base64: string): Promise<string> {
  const binary = atob(base64.trim());
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** Runs a packed script of this page; it leaves a global variable. */
export async function runPacked(id: string): Promise<boolean> {
  const element = document.getElementById(id);
  if (!element?.textContent) return false;
  const script = document.createElement("script");
  script.textContent = await unpack(element.textContent);
  document.head.append(script);
  script.remove();
  element.remove();
  return true;
}
