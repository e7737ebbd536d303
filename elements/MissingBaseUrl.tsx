/** Shows that the page lacks the attribute `base-url`. */
export function MissingBaseUrl({ text }: { text: string }) {
  return (
    <section class="latchkey">
      <p class="refusal" role="alert">
        {text}
      </p>
    </section>
  );
}
