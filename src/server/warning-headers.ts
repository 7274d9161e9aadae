// Warnings for the client as headers. https://kubernetes.io/blog/2020/09/03/warnings/

/** Clients have limits for headers: where all warnings together are longer than this, each is cut. */
const charactersMax = 4 * 1024;
/** What then is left of one. */
const cutCharactersMax = 256;
/** 100 strict errors and room for a few more, each cut: 128 of 256 characters are 32 KiB, where clients take 64. */
const warningsMax = 128;

/** One value per warning, each told once. What would break a header is left out. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const [only] = warnings;
  if (warnings.length === 1 && only !== undefined && isPlain(only)) return [`299 - "${only}"`];
  const texts = [...new Set(warnings)].filter((text) => text !== "" && !hasControls(text)).slice(0, warningsMax);
  let characters = 0;
  for (const text of texts) characters += text.length;
  const cut = characters > charactersMax ? (text: string) => [...text].slice(0, cutCharactersMax).join("") : undefined;
  return texts.map((text) => `299 - "${quoted(cut === undefined ? text : cut(text))}"`);
}

function isPlain(text: string): boolean {
  return /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Headers travel as bytes, which Node writes for Latin-1 characters: UTF-8 becomes one character a byte. */
function quoted(text: string): string {
  return Buffer.from(text.replace(/["\\]/g, "\\$&")).toString("latin1");
}
