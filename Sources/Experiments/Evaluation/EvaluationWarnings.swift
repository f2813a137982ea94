import Attacks
import Torch

/// AutoAttack's questions, put to what an evaluation measured.
struct EvaluationWarnings {
  let randomness: ClassifierRandomness
  /// Of some images.
  let outputs: [[Double]]
  let classes: Int
  let suite: WorstCaseResult?

  var all: [AutoAttackWarning] {
    let found: [AutoAttackWarning?] = [
      randomness.isRandom ? .randomized : nil, .ofOutputs(outputs), zeroGradients, squareHelped,
      tooFewClasses,
    ]
    return found.compactMap { $0 }
  }

  /// As of AutoAttack's first attack: those of the first stage that took gradients, which meets every image.
  private var zeroGradients: AutoAttackWarning? {
    let first = suite?.stages.first { $0.cost.gradients > 0 }
    let images = first?.cost.zeroGradientsAtStart ?? 0
    return images > 0 ? .zeroGradients(images: images) : nil
  }

  private var squareHelped: AutoAttackWarning? {
    guard let suite, let index = suite.stages.firstIndex(where: { $0.name == "Square" }),
      let after = suite.stages[index].robustAccuracy.proportion,
      let before = (index == 0 ? suite.cleanAccuracy : suite.stages[index - 1].robustAccuracy)
        .proportion
    else { return nil }
    return .ofSquare(before: before, after: after)
  }

  private var tooFewClasses: AutoAttackWarning? {
    guard suite != nil else { return nil }
    return .ofClasses(
      classes, attack: "APGD-T", loss: .targetedLogitRatio(targets: Tensor([0])))
  }
}
