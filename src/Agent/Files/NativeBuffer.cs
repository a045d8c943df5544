using System.Runtime.InteropServices;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>Bytes outside of the collected heap, which is small and not to be filled by content.</summary>
internal sealed unsafe class NativeBuffer(int size) : IDisposable
{
    private void* _memory = Allocate(size);

    ~NativeBuffer() => NativeMemory.Free(_memory);

    public int Size => size;

    public Span<byte> Span => new(_memory, size);

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        GC.SuppressFinalize(this);
    }

    private static void* Allocate(int size)
    {
        try
        {
            return NativeMemory.Alloc((nuint)size);
        }
        catch (OutOfMemoryException)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, "the sandbox has no memory for another stream");
        }
    }
}
