// Ends with a fit under way that nobody waits for: the process lasts as long as the fit.
import { model, numbers } from './small.mjs';

const net = model(64);
net
  .fit(numbers(512, 64), numbers(512, 1), { epochs: 20 })
  .then(({ epoch }) => console.log(`epochs ${epoch.length}`));
