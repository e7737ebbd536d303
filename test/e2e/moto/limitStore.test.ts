import { startMoto } from '../../support/engine.ts';
import { describeLimitStore } from '../../integration/store/limitStoreContract.ts';

describeLimitStore('moto', startMoto);
