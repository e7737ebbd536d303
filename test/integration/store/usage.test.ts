import { startDynalite } from '../../support/engine.ts';
import { describeUsage } from './usageContract.ts';

describeUsage('dynalite', startDynalite);
