/** What was packed with gzip and written as base64. */
export function unpack(base64: string): Response {
  const binary = atob(base64.trim());
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** Runs a script that was packed in this page; it leaves a global variable. */
export async function runPacked(base64: string): Promise<void> {
  const script = document.createElement("script");
  script.textContent = await unpack(base64).text();
  document.head.append(script);
  script.remove();
}
