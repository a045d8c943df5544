using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Owns one open file descriptor of this process.</summary>
public sealed class Descriptor : SafeHandle
{
    public Descriptor(int number)
        : base(-1, ownsHandle: true) => SetHandle(number);

    public int Number => (int)handle;

    public override bool IsInvalid => handle < 0;

    public override string ToString() => $"fd {handle}";

    protected override bool ReleaseHandle() => DescriptorCalls.close((int)handle) == 0;
}
