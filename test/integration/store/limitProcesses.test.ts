import { startDynalite } from '../../support/engine.ts';
import { describeLimitProcesses } from './limitProcessesContract.ts';

describeLimitProcesses('dynalite', startDynalite);
