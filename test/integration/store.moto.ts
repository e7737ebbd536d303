import { startMoto } from '../support/engine.ts';
import { describeStore } from './storeContract.ts';

describeStore('moto', startMoto);
