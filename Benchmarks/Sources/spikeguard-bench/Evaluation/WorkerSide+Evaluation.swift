import Datasets
import Layers
import Models
import Spiking
import Torch
import Training

extension WorkerSide {
  /// Clean accuracy of all images, by the function that the command line evaluates with.
  func evaluate(_ request: WorkerRequest) throws -> WorkerAnswer {
    let (images, labels) = batch.first(request.images)
    let network = try setting.network()
    try network.load(weights)
    let dataset = try ImageDataset(
      ["images": images, "labels": labels], from: "the batch", name: "noise",
      split: .test, classes: 10)
    var answer = WorkerAnswer(seconds: [])
    let classifier = network.classifier(setting.encoder)
    for _ in 0..<(request.count ?? 1) {
      let elapsed = try ContinuousClock().measure {
        answer.correct = try countCorrect(
          classifier, on: dataset, batchSize: request.chunk ?? dataset.count)
      }
      answer.seconds!.append(elapsed / .seconds(1))
    }
    if let out = request.out {
      let type: DType = request.dtype == "float64" ? .float64 : .float32
      try network.convertInPlace(to: type)
      let logits = withoutGradients {
        network.classifier(setting.encoder)(images.converted(to: type))
      }
      try Safetensors.write(["logits": logits], to: out)
    }
    return answer
  }
}
