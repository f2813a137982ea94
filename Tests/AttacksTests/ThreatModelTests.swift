import Attacks
import Foundation
import Testing
import Torch

@Suite struct ThreatModelTests {
  @Test(arguments: [
    (ThreatModel.linf(8.0 / 255), "L∞ 8/255", #"{"epsilon":0.03137254901960784,"norm":"linf"}"#),
    (.linf(0.1), "L∞ 0.1", #"{"epsilon":0.1,"norm":"linf"}"#),
    (.linf(0), "L∞ 0.0", #"{"epsilon":0,"norm":"linf"}"#),
    (.linf(1), "L∞ 1.0", #"{"epsilon":1,"norm":"linf"}"#),
    (.l2(0.5), "L2 0.5", #"{"epsilon":0.5,"norm":"l2"}"#),
  ])
  func `prints and stores itself`(row: (ThreatModel, String, String)) throws {
    #expect(row.0.description == row.1)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(row.0)
    #expect(String(decoding: json, as: UTF8.self) == row.2)
    #expect(try JSONDecoder().decode(ThreatModel.self, from: json) == row.0)
  }

  /// L∞ ends at 1, where nothing is left to move; L2 does not.
  @Test func `admits what can be meant`() throws {
    for threat in [ThreatModel.linf(0), .linf(1), .l2(0), .l2(30)] { try threat.check() }
    for threat in [ThreatModel.linf(1.01), .linf(-0.1), .linf(.nan), .l2(.infinity), .l2(-1)] {
      #expect(throws: AttackError.self) { try threat.check() }
    }
  }

  @Test func `measures distances image by image`() {
    let images = Tensor([0.5 as Float, 0.5, 0.5, 0.5], shape: [2, 1, 2])
    let others = Tensor([0.8 as Float, 0.1, 0.5, 0.75], shape: [2, 1, 2])
    let linf = ThreatModel.linf(1).distances(from: images, to: others).scalars(of: Double.self)
    let l2 = ThreatModel.l2(1).distances(from: images, to: others).scalars(of: Double.self)
    #expect(zip(linf, [0.4, 0.25]).allSatisfy { abs($0 - $1) < 1e-7 })
    #expect(zip(l2, [0.5, 0.25]).allSatisfy { abs($0 - $1) < 1e-7 })
  }
}
