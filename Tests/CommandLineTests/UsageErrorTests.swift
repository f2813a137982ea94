import ArgumentParser
import TestSupport
import Testing

@testable import spikeguard

/// Command lines that cannot be understood: the parser ends them, before any work.
@Suite struct UsageErrorTests {
  @Test(arguments: lines)
  func `what cannot be understood is named`(line: String, message: String) {
    let error = #expect(throws: (any Error).self) {
      try SpikeguardCommand.parseAsRoot(line.split(separator: " ").map(String.init))
    }
    guard let error else { return }
    #expect(SpikeguardCommand.message(for: error) == message)
    #expect(SpikeguardCommand.exitCode(for: error) == .validationFailure)
  }

  @Test func `a usage error of the program ends with 64 and the usage`() throws {
    let program = try Workplace.program.get()
    let known =
      "quickstart, train, attack, evaluate, verify-adversarial, audit, curvature, predict, gradients, "
      + "deflate, convert, data, models, runs, theory, doctor"
    for (line, message, command) in [
      (["trian", "--epochs", "2"], "expected one of the commands \(known), found 'trian'", ""),
      (["train", "--widht", "2"], "Unknown option '--widht'. Did you mean '--width'?", " train"),
    ] {
      let outcome = try program.run(line)
      #expect(outcome.exitCode == 64 && outcome.standardOutput == "")
      #expect(outcome.standardError.hasPrefix("Error: \(message)\nUsage: spikeguard\(command) "))
    }
  }

  private static let epsilon =
    "is invalid for '--epsilon <epsilon>': expected a fraction as 8/255 or a number from 0 to 1; "
    + "pixels are in [0, 1]"
  private static func source(_ found: String) -> String {
    "the network: expected one source, found \(found); name a checkpoint (CHECKPOINT alone or "
      + "--checkpoint FILE) or --weights FILE"
  }

  static let lines: [(line: String, message: String)] = [
    ("train --data tensors:d --widht 1", "Unknown option '--widht'. Did you mean '--width'?"),
    ("train --epochs two", "--epochs: expected a whole number, found 'two'"),
    (
      "train --data tensors:d --model vgg6",
      "--model: expected one of vgg5, vgg11, vgg13, vgg16, vgg19, resnet18, resnet34, nf-resnet18, "
        + "nf-resnet34, nf-resnet50, found 'vgg6'"
    ),
    (
      "train --data tensors:d --stem mnist",
      "--stem: expected one of cifar, imagenet, auto, found 'mnist'"
    ),
    (
      "predict --checkpoint c --data tensors:d --split dev --out new",
      "The value 'dev' is invalid for '--split <split>'. Please provide one of 'train' and 'test'."
    ),
    ("predict --checkpoint c --data tensors:d", "Missing expected argument '--out <out>'"),
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
      "models --data fashion-mnist --image-size 32",
      "--data says --image-size and --channels itself; give one or the other"
    ),
    (
      "train --data tensors:d --resume --overwrite",
      "--resume goes on from what --overwrite would replace; give one of them"
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
    ("verify-adversarial --checkpoint c", "Missing expected argument '<file>'"),
  ]
}
