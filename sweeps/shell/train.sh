#!/bin/sh
# Gradient descent on (x - 3)^2 from a start drawn with the trial's seed. Prints its metric as name=value, a line a step.
for argument; do
  case $argument in
    --rate=*) rate=${argument#*=} ;;
    --steps=*) steps=${argument#*=} ;;
  esac
done
exec awk -v rate="$rate" -v steps="$steps" -v seed="$SWEEP_SEED" 'BEGIN {
  srand(seed); x = 10 * rand()
  for (step = 1; step <= steps; ++step) { x -= rate * 2 * (x - 3); printf "step=%d loss=%.17g\n", step, (x - 3) ^ 2 }
}'
