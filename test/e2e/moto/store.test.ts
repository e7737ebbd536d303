import { startMoto } from '../../support/engine.ts';
import { describeStore } from '../../integration/store/storeContract.ts';

describeStore('moto', startMoto);
