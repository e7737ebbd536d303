import { startMoto } from '../../support/engine.ts';
import { describeUsage } from '../../integration/store/usageContract.ts';

describeUsage('moto', startMoto);
