/// Of the commands that measure curvature and what the theory assumes.
extension UsageErrorTests {
  static let theoryLines: [Line] = [
    ("theory gradients", "Missing expected argument '<runs> ...'"),
    ("theory drift", "Missing expected argument '<checkpoint>'"),
    (
      "theory drift c --kinds clean,upside-down",
      "--kinds: expected some of clean, adversarial, normalized-clamp, inverted, uniform-noise, "
        + "gaussian-noise, each once, separated by commas, found 'upside-down'"
    ),
    (
      "theory drift c --kinds clean,clean",
      "--kinds: expected some of clean, adversarial, normalized-clamp, inverted, uniform-noise, "
        + "gaussian-noise, each once, separated by commas, found 'clean'"
    ),
    ("theory drift c --images 0", "--images: expected at least 1, found 0"),
    (
      "theory drift c --momentum none",
      "The value 'none' is invalid for '--momentum <momentum>'. Please provide one of 'zero' and "
        + "'checkpoint'."
    ),
    (
      "train --curvature-every often",
      "--curvature-every: expected a whole number, or 'none', found 'often'"
    ),
    (
      "theory steps --steps 1,x",
      "--steps: expected different whole numbers from 1 to 1024, separated by commas, found '1,x'"
    ),
    (
      "theory steps --steps 4,4",
      "--steps: expected different whole numbers from 1 to 1024, separated by commas, found '4,4'"
    ),
    (
      "theory steps --coding direct,poisson",
      "--coding: expected one or more of direct, rate, separated by commas, found 'direct,poisson'"
    ),
    (
      "theory steps --loss sum",
      "--loss: expected one or more of mean-logits, each-step, summed, separated by commas, found "
        + "'sum'"
    ),
    (
      "theory steps c --width 0.5",
      "--width is for networks that are built from settings; a checkpoint says itself what network "
        + "it is"
    ),
    (
      "theory steps c --train-steps 5",
      "--train-steps is for networks that are built from settings; a checkpoint says itself what "
        + "network it is"
    ),
    (
      "theory steps --train-steps 5 --calibration-batches 3",
      "--calibration-batches: expected no training, found --train-steps 5, which moves the statistics "
        + "too; leave one out"
    ),
    (
      "theory steps --train-steps=-1", "--train-steps: expected 0 to 1000000, found -1"
    ),
    ("theory steps --tolerance 0", "--tolerance: expected above 0, below 1, found 0.0"),
    ("theory steps --batch-size 0", "--batch-size: expected at least 1, found 0"),
    ("theory alignment", source("none")),
    ("theory alignment c --images 0", "--images: expected at least 1, found 0"),
    (
      "theory alignment c --loss sum",
      "The value 'sum' is invalid for '--loss <loss>'. Please provide one of 'mean-logits', "
        + "'each-step' or 'summed'."
    ),
    ("curvature --checkpoint c --batches 0", "--batches: expected 1 to 1000000, found 0"),
    ("curvature --checkpoint c --count 0", "--count: expected 1 to 1000000, found 0"),
    (
      "curvature --checkpoint c --epsilon 0",
      "--epsilon: expected above 0, at most 1, found 0.0; with --inference clean nothing is attacked"
    ),
    (
      "curvature --checkpoint c --inference noise",
      "The value 'noise' is invalid for '--inference <inference>'. Please provide one of 'clean', 'fgsm' "
        + "or 'pgd'."
    ),
    (
      "curvature --checkpoint c --product hessian",
      "The value 'hessian' is invalid for '--product <product>'. Please provide one of 'auto', "
        + "'transposed', 'jacobian', 'symmetric' or 'gauss-newton'."
    ),
    (
      "curvature --checkpoint c --tolerance 1",
      "--tolerance: expected above 0, below 1, found 1.0; 0.001 is usual"
    ),
    (
      "curvature --checkpoint c --max-products 4",
      "--max-products: expected at least 5, one for each eigenvalue, found 4"
    ),
    (
      "curvature --checkpoint c --solver power-iteration --order algebraic",
      "--solver power-iteration finds the largest magnitudes only; leave --order out, or take --solver "
        + "lanczos"
    ),
    (
      "curvature --checkpoint c --trace-products 2",
      "--trace-products: expected 6 to 1000000, found 2"
    ),
    (
      "curvature --checkpoint c --density-steps 1",
      "--density-steps: expected 2 to 1000000, found 1"
    ),
    ("curvature", source("none")),
  ]
}
