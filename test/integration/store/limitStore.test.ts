import { startDynalite } from '../../support/engine.ts';
import { MemoryLimits } from '../../../testing/memoryLimits.ts';
import { describeLimits } from './limitsContract.ts';
import { describeLimitStore } from './limitStoreContract.ts';

describeLimits('the fake', async () => {
  const unreachable = new MemoryLimits();
  unreachable.isDown = true;
  return { store: new MemoryLimits(), unreachable };
});

describeLimitStore('dynalite', startDynalite);
