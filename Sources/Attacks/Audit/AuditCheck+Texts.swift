extension AuditCheck {
  /// As it heads a row.
  public var title: String {
    switch self {
    case .oneStep: "One step beats many"
    case .blackBox: "Black box beats white box"
    case .unbounded: "Unbounded attack fails"
    case .randomSampling: "Random sampling beats gradients"
    case .largerBall: "A larger ε fools less"
    case .surrogateSpread: "Another surrogate breaks more"
    case .zeroGradients: "No gradient at all"
    case .blockedLayers: "Layers that pass no gradient"
    case .lossOfPrecision: "Cross-entropy underflows"
    case .otherLoss: "Another loss breaks more"
    case .moreSteps: "More steps break more"
    case .restarts: "Restarts break more"
    case .square: "Square beats white box"
    case .leakedState: "State leaks between calls"
    case .stochastic: "The network is stochastic"
    case .batchDependence: "Answers depend on the batch"
    case .softmaxOutput: "Probabilities for logits"
    case .quantizedInput: "The input is rounded"
    case .clampedInput: "The input is clamped"
    case .zeroBudget: "ε = 0 already fools"
    }
  }

  /// What is counted; the flag is raised where it exceeds ``tolerance``.
  public var raisedIf: String {
    switch self {
    case .oneStep: "images that one gradient step fools and the iterative attack does not"
    case .blackBox:
      "images that an attack without the network's gradient fools and no white-box attack does"
    case .unbounded:
      """
      images that no gradient attack with ε = 1 fools, not with 200 steps and more, further starts, small steps or \
      another surrogate
      """
    case .randomSampling: "images that random points of the ball fool and no gradient attack does"
    case .largerBall:
      "images that are fooled at one ε and not at the next larger one, of the worst pair"
    case .surrogateSpread:
      "images that the attack through the strongest other surrogate fools and the same one through its own does not"
    case .zeroGradients: "images at which every loss has a gradient of 0 in all pixels"
    case .blockedLayers: "layers of neurons that never spike or let no gradient through"
    case .lossOfPrecision:
      "images at which cross-entropy has no gradient, though the logits' margin has one"
    case .otherLoss:
      "images that the margin of the logits breaks and cross-entropy does not, all else alike"
    case .moreSteps:
      "images that the last fifth of the steps breaks: 20 against 16 at quick effort, 100 against 80 at standard"
    case .restarts: "images that only the last of several random starts breaks"
    case .square: "images that Square fools and no white-box attack does"
    case .leakedState: "images whose logits depend on what was asked before"
    case .stochastic: "images whose logits change when the same batch is asked again"
    case .batchDependence: "images whose logits depend on their companions in the batch"
    case .softmaxOutput: "images whose logits are non-negative with sum 1"
    case .quantizedInput:
      "images whose logits stay the same to the last bit when their pixels are rounded, to 128 levels or fewer"
    case .clampedInput:
      "images whose logits stay the same to the last bit when dark or bright pixels are cut off"
    case .zeroBudget:
      "images that the evaluation counts as fooled when the attack may change nothing"
    }
  }

  /// What a raised flag says of the number.
  public var meaning: String {
    switch self {
    case .oneStep:
      "The gradient is right far away and wrong nearby: an iterative attack gets lost on its way."
    case .blackBox: "The gradient leads away from examples that exist: it is masked."
    case .square:
      "Queries find what the gradients missed: the attacks were too weak, or the gradient is masked."
    case .unbounded:
      "With ε = 1 any image can be made into any other: what fails is the attack, not the adversary."
    case .randomSampling: "Blind luck finds what the gradient misses: the gradient is masked."
    case .largerBall:
      "The smaller ball lies in the larger: examples that are known to exist were not found."
    case .surrogateSpread:
      "The network's own surrogate hides examples: the number depends on the attacker's choice of it."
    case .zeroGradients: "An attack cannot move such an image, which then looks robust."
    case .blockedLayers: "Everything before such a layer is out of the attack's sight."
    case .lossOfPrecision:
      "The logits are so large that 1 − softmax is 0 in the numbers' precision: images stand still."
    case .otherLoss: "Cross-entropy alone overstates the robustness."
    case .moreSteps: "The attack had not ended where it stopped."
    case .restarts: "The result depends on where the attack starts."
    case .leakedState:
      "The score is that of a network in a state that the attacks have left, not of the image."
    case .stochastic:
      "One draw is no answer: gradients and scores here are means over several."
    case .batchDependence:
      "Images are scored by their company, as by batch norm in training mode."
    case .softmaxOutput: "Cross-entropy takes the softmax twice; its gradients become small."
    case .quantizedInput:
      "The gradient of a rounded input is 0 or a stand-in; small steps of an attack are without effect."
    case .clampedInput:
      "Part of the pixels' range cannot be seen, as when normalised images are clamped to [0, 1]."
    case .zeroBudget: "The evaluation itself changes the images, beyond ε."
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .oneStep: "attack through other surrogates, with more and smaller steps"
    case .blackBox: "report the worst case of white and black box; find what masks the gradient"
    case .unbounded: "check the gradient layer by layer, and the input's range"
    case .randomSampling:
      "report the worst case with it included; attack through other surrogates"
    case .square:
      "report the worst case with it included; audit with standard effort, which runs the rest of AutoAttack before it"
    case .largerBall: "take the worst case over all smaller ε, and a stronger attack"
    case .surrogateSpread:
      "report the worst case over an ensemble of surrogates, never the network's own alone"
    case .zeroGradients: "attack through a wider surrogate, and with Square"
    case .blockedLayers: "attack through a wider surrogate; a silent layer also wastes its weights"
    case .lossOfPrecision: "attack the margin or the logits' ratio, or divide the logits"
    case .otherLoss: "report the worst case over both losses"
    case .moreSteps: "attack with more steps until nothing is added"
    case .restarts: "attack with more restarts until nothing is added"
    case .leakedState: "reset the network at every call; membranes must start from zero"
    case .stochastic:
      "average attacks over draws (EOT), and report the mean accuracy with its draws"
    case .batchDependence: "score in evaluation mode"
    case .softmaxOutput: "hand the attack the numbers before the softmax"
    case .quantizedInput: "attack straight through the rounding, with Square beside it"
    case .clampedInput: "clamp pixels before normalisation, never after it"
    case .zeroBudget: "attack images in [0, 1], and make normalisation the network's first layer"
    }
  }
}
