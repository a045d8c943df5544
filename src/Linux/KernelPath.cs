using System.Text;

namespace Atoll.Linux;

/// <summary>A path, or one name of it, as the kernel takes it: bytes that end in NUL and need not be UTF-8.</summary>
public readonly struct KernelPath
{
    private readonly byte[] _terminated;

    public KernelPath(ReadOnlySpan<byte> bytes)
    {
        _terminated = new byte[bytes.Length + 1];
        bytes.CopyTo(_terminated);
    }

    public KernelPath(string text)
    {
        _terminated = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, _terminated);
    }

    /// <summary>Without the NUL.</summary>
    public ReadOnlySpan<byte> Bytes => _terminated.AsSpan(0, _terminated.Length - 1);

    /// <summary>For the kernel: with the NUL.</summary>
    internal byte[] Terminated => _terminated;

    /// <summary>Text with U+FFFD for what is not UTF-8.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
