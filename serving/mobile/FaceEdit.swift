import Foundation
import TensorFlowLite

/// One edit of a face crop, by a bundle's .tflite. Not safe to share between threads.
final class FaceEdit {
    private let model: Interpreter
    private let side: Int

    /// - Parameters:
    ///   - path: of the .tflite in the app.
    ///   - side: `image_size` of the bundle's manifest.json.
    init(path: String, side: Int) throws {
        self.side = side
        do {
            model = try FaceEdit.ready(Interpreter(modelPath: path, delegates: [MetalDelegate()]))
        } catch { // no GPU that takes it
            model = try FaceEdit.ready(Interpreter(modelPath: path))
        }
    }

    /// The edited face crop.
    /// - Parameters:
    ///   - crop: side * side * 3 levels: red, green and blue of each pixel, row by row.
    ///   - strength: in [-1, 2]; 0 leaves the crop as it is, 1 is the trained edit.
    func edit(_ crop: [UInt8], strength: Float) throws -> [UInt8] {
        // 1. Levels from 0 to 255 become pixels in [-1, 1].
        let x = crop.map { Float($0) / 127.5 - 1 }
        // 2. The network says what is to be added.
        try model.copy(x.withUnsafeBufferPointer { Data(buffer: $0) }, toInputAt: 0)
        try model.invoke()
        // 3. Its output of the image's size is the residual; another, of one number, is `needed`.
        let outputs = try (0..<model.outputTensorCount).map { index -> [Float] in
            let bytes = try model.output(at: index).data
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        let residual = outputs.first { $0.count == x.count }!
        // 4. The edited pixels, clipped to [-1, 1], become levels again.
        return zip(x, residual).map { pixel, change in
            let edited = min(max(pixel + strength * change, -1), 1)
            return UInt8(((edited + 1) * 127.5).rounded())
        }
    }

    private static func ready(_ model: Interpreter) throws -> Interpreter {
        try model.allocateTensors()
        return model
    }
}
