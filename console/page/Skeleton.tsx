/** Shows grey rows while the first keys load. */
export function KeyRowsSkeleton() {
  return (
    <div class="skeleton-rows" aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} class="skeleton-row">
          {Array.from({ length: 6 }, (_, cell) => (
            <span key={cell} class="skeleton" />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Shows grey cards while the first keys load. */
export function OverviewSkeleton() {
  return (
    <div class="overview" aria-hidden="true">
      {['figures', 'wide', 'half', 'half', 'third', 'third', 'third'].map((size, index) => (
        <div key={index} class={`card ${size} skeleton-card`}>
          <span class="skeleton" />
          <span class="skeleton" />
          <span class="skeleton" />
        </div>
      ))}
    </div>
  );
}
