import { startMoto } from '../../support/engine.ts';
import { describeStore, describeStoreChanges } from '../../integration/store/storeContract.ts';

describeStore('moto', startMoto);
describeStoreChanges('moto', startMoto);
