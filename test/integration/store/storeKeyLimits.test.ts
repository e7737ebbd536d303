import { startDynalite } from '../../support/engine.ts';
import { describeKeyLimits } from './keyLimitsContract.ts';
import { describeOn } from './storeContract.ts';

describeOn('dynalite', startDynalite, describeKeyLimits);
