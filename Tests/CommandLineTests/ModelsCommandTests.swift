import Experiments
import Foundation
import Models
import TestSupport
import Testing

/// `models`: the catalogue's sizes for some images, and for a data set's.
@Suite struct ModelsCommandTests {
  struct Record: Decodable {
    struct Row: Decodable {
      let model: ModelName
      let stem: Stem?
      let parameters: Int?
      let neurons: Int?
      let multiplyAccumulatesPerStep: Int?
      let multiplyAccumulates: Int?
      let error: String?
    }
    let imageSize: Int
    let channels: Int
    let classes: Int
    let timeSteps: Int
    let models: [Row]
  }

  @Test func `every network is listed with the size of its published table`() throws {
    try Workplace.with { place in
      _ = try place.succeed("models --image-size 224 --classes 1000 --json m.json")
      let record = try place.json("m.json", as: Record.self)
      #expect(record.models.map(\.model) == ModelName.allCases)
      for row in record.models {
        let expected = PublishedTable.size(of: row.model)
        #expect(row.parameters == expected.parameters, "\(row.model)")
        #expect(row.neurons == expected.neurons, "\(row.model)")
        #expect(row.multiplyAccumulatesPerStep == expected.operations, "\(row.model)")
        #expect(row.multiplyAccumulates == 4 * expected.operations - 3 * expected.stem)
      }
    }
  }

  @Test func `a row says the name, the stem and the numbers`() throws {
    try Workplace.with { place in
      let output = try place.succeed("models --image-size 224 --classes 1000 --json m.json")
      let record = try place.json("m.json", as: Record.self)
      let row = try #require(record.models.first { $0.model == .resnet18 })
      #expect(row.parameters == 11_689_512 && row.stem == .imagenet)
      #expect(row.multiplyAccumulatesPerStep == 1_814_073_344)
      // Of 4 steps, 3 do without the stem: 7 × 7 × 3 weights for 64 channels at 112 × 112 places.
      let stem = 49 * 3 * 64 * 112 * 112
      #expect(row.multiplyAccumulates == 4 * 1_814_073_344 - 3 * stem)
      let line = try #require(output.split(separator: "\n").first { $0.contains("  resnet18") })
      #expect(line.contains(" 11,689,512 ") && line.contains(" 1,814,073,344 "))
      #expect(output.contains("for one image of 3 × 224 × 224, 1000 classes"))
    }
  }

  @Test func `images too small for a network are said, not counted`() throws {
    try Workplace.with { place in
      let output = try place.succeed("models \(Workplace.data) --time-steps 2 --json m.json")
      let record = try place.json("m.json", as: Record.self)
      #expect(record.imageSize == 8 && record.channels == 1 && record.classes == 4)
      let unbuilt = record.models.filter { $0.error != nil }
      #expect(unbuilt.map(\.model) == [.vgg11, .vgg13, .vgg16, .vgg19])
      #expect(unbuilt.allSatisfy { $0.parameters == nil && $0.neurons == nil })
      for row in unbuilt {
        #expect(output.contains("  · \(row.error!)\n") || output.hasSuffix("\(row.error!)\n"))
      }
      let vgg = record.models[0]
      #expect(vgg.neurons == 64 * 64 + 2 * 128 * 16 && vgg.stem == nil)
    }
  }

  @Test(arguments: [
    ("--width 0", "width: expected above 0, at most 16, found 0.0"),
    ("--time-steps 0", "time steps: expected 1 to 1024, found 0"),
    ("--channels 0", "channels: expected at least 1, found 0"),
    ("--image-size 5000", "--image-size: expected at most 1024, found 5000"),
  ])
  func `settings that no network has end with one sentence`(
    _ options: String, _ message: String
  ) throws {
    let outcome = try Workplace.program.get().run(
      ["models"] + options.split(separator: " ").map(String.init))
    #expect(outcome.exitCode == 1 && outcome.standardOutput == "")
    #expect(outcome.standardError == "Error: \(message)\n")
  }
}
