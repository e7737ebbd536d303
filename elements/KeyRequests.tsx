import { useEffect, useState } from 'preact/hooks';
import { Tabs } from '../components/Tabs.tsx';
import { UsageChart } from '../components/UsageChart.tsx';
import type { UsageSpan } from '../components/usageText.ts';
import { whileVisible } from '../components/whileVisible.ts';
import type { OwnedKeyUsage } from './ownedKey.ts';
import { problemText } from './problemText.ts';
import { useKeysPage } from './useKeysPage.ts';

const SPANS: readonly UsageSpan[] = ['hour', 'day'];
const EVERY_MS = 60_000;

/** Shows the requests of a key in the last 24 hours or 30 days. Reads them every minute. */
export function KeyRequests({ id }: { id: string }) {
  const { texts } = useKeysPage().language;
  const [span, setSpan] = useState<UsageSpan>('hour');
  const { usage, failure } = useUsage(id, span);
  return (
    <div class="usage">
      <Tabs
        label={texts.spans}
        names={SPANS.map((name) => texts[`span_${name}`])}
        selected={SPANS.indexOf(span)}
        onSelect={(index) => setSpan(SPANS[index] ?? 'hour')}
      >
        {failure === undefined ? null : (
          <p class="refusal">
            {texts.usageFailed} {problemText(failure, texts, { isOnline: navigator.onLine })}
          </p>
        )}
        {usage === undefined ? (
          <div class="usage-space" aria-hidden="true" />
        ) : usage.total.total === 0 ? (
          <p class="usage-space calm">{texts.usageNone}</p>
        ) : (
          <>
            <UsageChart usage={usage} span={span} />
            <p class="quiet note">{texts.usageUtc}</p>
          </>
        )}
      </Tabs>
    </div>
  );
}

interface UsageRead {
  readonly usage?: OwnedKeyUsage;
  readonly failure?: unknown;
}

function useUsage(id: string, span: UsageSpan): UsageRead {
  const { client } = useKeysPage();
  const [read, setRead] = useState<UsageRead>({});
  useEffect(() => {
    let isCurrent = true;
    setRead({});
    const load = () =>
      client.usage(id, span).then(
        (usage) => isCurrent && setRead({ usage }),
        (failure: unknown) => isCurrent && setRead((before) => ({ ...before, failure })),
      );
    const stop = whileVisible(() => void load(), EVERY_MS);
    return () => {
      isCurrent = false;
      stop();
    };
  }, [client, id, span]);
  return read;
}
