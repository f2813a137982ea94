import Attacks
import Datasets
import Foundation
import Models
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// `configs/`: every file is understood, names a network that can be built, and says what the paper's table says.
@Suite struct PresetTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("configs")

  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

  static func preset(_ name: String) throws -> RunConfiguration {
    try RunConfiguration(contentsOf: folder.appendingPathComponent(name).path)
  }

  @Test(arguments: names)
  func `a preset makes a job on images of its data's shape`(name: String) throws {
    let settings = try Self.preset(name)
    let (channels, size, classes): (Int, Int, Int) =
      switch name.prefix(while: { $0 != "-" }) {
      case "fashion": (1, 28, 10)
      case "cifar10": (3, 32, 10)
      case "cifar100": (3, 32, 100)
      case "tinyimagenet": (3, 64, 200)
      default: (3, 224, 1000)
      }
    let labels = Tensor((0..<classes).map { Int64($0) })
    let image = Tensor.zeros([1, channels, size, size])
    let few = try ImageDataset(
      ["images": image, "labels": Tensor([Int64(classes - 1)])], from: name, name: "shape",
      split: .train)
    #expect(few.classes == classes && labels.count == classes)
    let job = try settings.job(on: RunDatasets(training: few))
    #expect(try job.network.size().parameters > 0)
    #expect(name.contains("-dsd") == (settings.training.deflation == .fast))
    #expect(name.contains("-at") == (settings.training.exposure.base == .adversarial))
    #expect(name.contains("-foreign") == (settings.training.exposure.foreign != nil))
    let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    #expect(text.hasPrefix("# "), "the first line says what it is")
  }

  /// Table 5 of the paper, without the small presets.
  @Test(arguments: names.filter { !$0.hasPrefix("fashion") })
  func `numbers are the paper's`(name: String) throws {
    let training = try Self.preset(name).training
    let network = try Self.preset(name).network
    let (model, decay, epochs, batch): (String, Double, Int, Int) =
      switch name.prefix(while: { $0 != "-" }) {
      case "cifar10": ("vgg11", 5e-5, 300, 128)
      case "cifar100": ("vgg11", 5e-4, 300, 128)
      case "tinyimagenet": ("vgg16", 5e-4, 300, 128)
      default: (name.contains("-at") ? "resnet18" : "nf-resnet18", 1e-5, 100, 512)
      }
    #expect(network.model.rawValue == model && network.steps == 4 && network.neuron.tau == 1.1)
    #expect(training.weightDecay == decay && training.learningRate == 0.1)
    #expect(training.momentum == 0.9 && training.method == .sgd)
    #expect(training.epochs == epochs && training.batchSize == batch)
    #expect(training.decay == .cosine && training.decayUnit == .epoch)
    #expect(training.exposure.attack.epsilon == 2.0 / 255)
    #expect(training.exposure.attack.method == .fgsm && training.exposure.released.isEmpty)
    // What the paper leaves to its code: the neuron, the loss's all-ones term, the head, the augmentation.
    var neuron = NeuronRecipe()
    neuron.tau = 1.1
    #expect(network.neuron == neuron && neuron.threshold == 1 && neuron.reset == .soft)
    #expect(neuron.surrogate == .triangle && neuron.surrogateWidth == 1 && !neuron.decaysInput)
    #expect(training.meanSquareWeight == 0.05 && network.head == .released && network.width == 1)
    #expect(training.batchStatistics == .allSteps && neuron.temporalGradient == .throughTime)
    #expect(training.cutout == name.hasPrefix("cifar") && training.flips)
    #expect(training.cropPadding == (name.hasPrefix("imagenet") ? nil : 4))
    #expect(training.clipNorm == nil && training.sharpnessRadius == nil)
    guard name.contains("-foreign") else { return }
    #expect(training.exposure.schedule == ForeignSchedule(batches: 1))
    #expect((training.exposure.foreign == .clean) == name.contains("-at"))
  }

  @Test func `every static row of the table has plain and deflated presets`() {
    let rows = [
      "cifar10-vgg11", "cifar10-vgg11-at", "cifar100-vgg11", "cifar100-vgg11-at",
      "tinyimagenet-vgg16", "tinyimagenet-vgg16-at", "imagenet-nf-resnet18", "imagenet-resnet18-at",
    ]
    for row in rows + ["fashion-vgg5", "fashion-vgg5-at", "fashion-vgg5-foreign"] {
      #expect(
        Self.names.contains(row + ".yaml") && Self.names.contains(row + "-dsd.yaml"), "\(row)")
    }
  }
}
