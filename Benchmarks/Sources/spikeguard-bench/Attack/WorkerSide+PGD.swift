import Attacks
import Datasets
import Layers
import Models
import Spiking
import Torch

extension WorkerSide {
  /// PGD-10 as the peer runs it: α 2/255, ε 8/255, a random start unless one is given.
  func pgd(_ request: WorkerRequest) throws -> WorkerAnswer {
    let type: DType = request.dtype == "float64" ? .float64 : .float32
    let network = try setting.network()
    try network.load(weights)
    try network.convertInPlace(to: type)
    let (some, labels) = self.batch.first(request.images)
    let images = some.converted(to: type)
    let classifier = network.classifier(setting.encoder)
    let attack = PGD(.linf(8 / 255), stepSize: 2 / 255, steps: request.steps ?? 10)
    let start = try request.start.map { try Safetensors.read(from: $0).tensors["start"]! }
    var answer = WorkerAnswer(seconds: [])
    var adversarial = images
    for _ in 0..<(request.count ?? 1) {
      let elapsed = try ContinuousClock().measure {
        adversarial =
          if let start {
            try attack.run(
              images, labels: labels, against: classifier, startingAt: start,
              using: Generator(seed: 0)
            ).adversarial
          } else {
            try attack(
              images, labels: labels, against: classifier, using: Generator(seed: 0))
          }
      }
      answer.seconds!.append(elapsed / .seconds(1))
    }
    let right = withoutGradients { classifier(adversarial) }.argmax(along: 1) .== labels
    answer.accuracy = right.sum().item() / Double(labels.count)
    if let out = request.out { try Safetensors.write(["adversarial": adversarial], to: out) }
    return answer
  }
}
