@testable import spikeguard

/// Of the commands that attack.
extension UsageErrorTests {
  private static let epsilon =
    "is invalid for '--epsilon <epsilon>': expected a fraction as 8/255 or a number from 0 to 1; "
    + "pixels are in [0, 1]"

  static let attackLines: [Line] = [
    (
      "attack --checkpoint c --data tensors:d --epsilon 8",
      "The value '8' \(epsilon), so write 8/255"
    ),
    ("attack --checkpoint c --data tensors:d --epsilon 1/0", "The value '1/0' \(epsilon)"),
    ("attack --checkpoint c --data tensors:d --epsilon=-0.1", "The value '-0.1' \(epsilon)"),
    (
      "attack --data tensors:d", source("none")
    ),
    (
      "attack c --checkpoint d --data tensors:d",
      "name one checkpoint: found 'c' and --checkpoint d"
    ),
    ("attack c --weights w", source("both")),
    (
      "attack --checkpoint c --weights w --data tensors:d",
      source("both")
    ),
    (
      "attack --checkpoint c --data tensors:d --tau 2",
      "--tau goes with --weights; a checkpoint says itself what network it is"
    ),
    (
      "attack --checkpoint c --data tensors:d --batch-size 0",
      "--batch-size: expected at least 1, found 0"
    ),
    (
      "attack c --attack fgsm --steps 3",
      "--steps: expected an option of --attack fgsm, which has none of its own; leave it out, or take "
        + "one of bim, mi-fgsm, pgd, apgd-ce, apgd-dlr, apgd-t, sa-pgd, fab, fab-t, autoattack, "
        + "autoattack-rand"
    ),
    (
      "attack c --attack square --steps 3 --queries 8",
      "--steps: expected an option of --attack square, which has --restarts, --queries; leave it out, "
        + "or take one of bim, mi-fgsm, pgd, apgd-ce, apgd-dlr, apgd-t, sa-pgd, fab, fab-t, "
        + "autoattack, autoattack-rand"
    ),
    (
      "attack c --attack apgd-ce --no-random-start",
      "--random-start: expected an option of --attack apgd-ce, which has --steps, --restarts; leave "
        + "it out, or take one of pgd"
    ),
    (
      "attack c --attack bim --norm l2",
      "--norm l2: expected an attack that has it, found --attack bim, which is L∞ alone; L2 have pgd, "
        + "apgd-ce, apgd-dlr, apgd-t, fab, fab-t, square, autoattack, autoattack-rand, gaussian, "
        + "uniform, corner"
    ),
    (
      "attack c --norm l2 --step-size=-1",
      "--step-size -1: expected a length of at least 0 with --norm l2, as 0.5 or 128/255"
    ),
    (
      "attack c --step-size 2",
      "The value '2' is invalid for '--step-size <step-size>': \(PixelDistance.expected), so write "
        + "2/255"
    ),
    ("attack c --draws 0", "--draws: expected at least 1, found 0; 20 is usual"),
    (
      "attack c --attack corner --through bptr",
      "--through bptr: expected an attack with a gradient, found --attack corner, which takes none; "
        + "leave it out"
    ),
    (
      "attack c --through bpttr",
      "--through: expected the name of a gradient view, found 'bpttr'; the nearest are bptr; "
        + "`spikeguard attack --list-views` prints them all"
    ),
    (
      "attack c --through surrogate",
      "--through: expected the name of a gradient view, found 'surrogate'; "
        + "`spikeguard attack --list-views` prints them all"
    ),
    (
      "attack c --attack apgd-ce --leaked-state",
      "the release's defects: expected --attack fgsm or pgd in L∞ on the network itself, found "
        + "APGD-CE, ε 8/255; the release has no other"
    ),
    (
      "attack c --protocol as-released --draws 2",
      "the release's defects: expected --attack fgsm or pgd in L∞ on the network itself, found "
        + "PGD-10, ε 8/255, steps of 2/255 from a random start, means of 2 draws; the release has no "
        + "other"
    ),
    (
      "attack c --leaked-state --start s",
      "--start is for a valid attack; what the release attacks are not pixels alone"
    ),
    (
      "evaluate --checkpoint c --epsilon 8",
      "\(PixelDistance.expected), so write 8/255"
    ),
    (
      "evaluate --checkpoint c --norm l2 --epsilon=-1",
      "--epsilon -1: expected a length of at least 0 with --norm l2, as 0.5 or 128/255"
    ),
    (
      "evaluate --checkpoint c --norm l2 --sweep steps",
      "--sweep steps: expected --norm linf, found l2; the papers' sweeps are L∞"
    ),
    (
      "evaluate --checkpoint c --effort none",
      "--effort none: expected --sweep beside it; alone nothing would run"
    ),
    (
      "evaluate --checkpoint c --effort none --sweep steps --save-adversarial",
      "--save-adversarial: expected a suite, found --effort none"
    ),
    (
      "evaluate --checkpoint c --budget 0", "--budget: expected minutes above 0, found 0.0"
    ),
    ("evaluate --checkpoint c --images 0", "--images: expected at least 1, found 0"),
    (
      "evaluate --checkpoint c --resume --overwrite",
      "--resume goes on from what --overwrite would replace; give one of them"
    ),
    (
      "evaluate --checkpoint c --sweep epsilons",
      "The value 'epsilons' is invalid for '--sweep <sweep>'. Please provide one of 'epsilon', "
        + "'steps' or 'black-box'."
    ),
    ("audit --checkpoint c --images 0", "--images: expected at least 1, found 0"),
    (
      "audit --checkpoint c --epsilon 0",
      "--epsilon: expected above 0, found 0; without it there is no attack"
    ),
    (
      "audit --checkpoint c --effort full",
      "The value 'full' is invalid for '--effort <effort>'. Please provide one of 'quick' and "
        + "'standard'."
    ),
    ("audit", source("none")),
  ]
}
