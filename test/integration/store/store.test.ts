import { startDynalite } from '../../support/engine.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { describeLookup } from './lookupContract.ts';
import { describeStore } from './storeContract.ts';

describeLookup('the fake', async () => {
  const lookup = new MemoryLookup();
  const unreachable = new MemoryLookup();
  unreachable.isDown = true;
  return {
    lookup,
    unreachable,
    put: async (record) => lookup.put(record),
    remove: async (keyHash) => lookup.records.delete(keyHash),
  };
});

describeStore('dynalite', startDynalite);
