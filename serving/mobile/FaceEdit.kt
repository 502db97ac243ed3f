import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException

/**
 * One edit of a face crop, by a bundle's .tflite, which lies in the app's assets.
 *
 * [side] is `image_size` of the bundle's manifest.json. Not safe to share between threads.
 */
class FaceEdit(context: Context, tflite: String, private val side: Int) : AutoCloseable {
    private val model = load(context, tflite)
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /**
     * The edited face crop.
     *
     * [crop] has side * side ARGB pixels, as `Bitmap.getPixels` gives them. [strength] is in
     * [-1, 2]; 0 leaves the crop as it is, 1 is the trained edit.
     */
    fun edit(crop: IntArray, strength: Float): IntArray {
        // 1. Levels from 0 to 255 become pixels in [-1, 1].
        val x = FloatArray(3 * side * side) { i ->
            ((crop[i / 3] shr (16 - 8 * (i % 3))) and 0xFF) / 127.5f - 1f
        }
        // 2. The network says what is to be added.
        inputs[0].writeFloat(x)
        model.run(inputs, outputs)
        // 3. Its output of the image's size is the residual; another, of one number, is `needed`.
        val residual = outputs.map { it.readFloat() }.first { it.size == x.size }
        // 4. The edited pixels, clipped to [-1, 1], become levels again.
        val levels = IntArray(x.size) { i ->
            Math.round(((x[i] + strength * residual[i]).coerceIn(-1f, 1f) + 1f) * 127.5f)
        }
        return IntArray(side * side) { i ->
            (0xFF shl 24) or (levels[3 * i] shl 16) or (levels[3 * i + 1] shl 8) or levels[3 * i + 2]
        }
    }

    override fun close() {
        inputs.forEach { it.close() }
        outputs.forEach { it.close() }
        model.close()
    }

    private fun load(context: Context, tflite: String): CompiledModel = try {
        CompiledModel.create(context.assets, tflite, CompiledModel.Options(Accelerator.GPU))
    } catch (_: LiteRtException) { // no GPU that takes it
        CompiledModel.create(context.assets, tflite, CompiledModel.Options(Accelerator.CPU))
    }
}
