import { startMoto } from '../support/engine.ts';
import { describePlanKeys } from './planKeysContract.ts';

describePlanKeys('moto', startMoto);
