using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Server.Doctor;

/// <summary>
/// Boots a virtual machine in real mode that writes one byte to a port and halts. Run in a process of its own: see <see cref="KvmCheck"/>.
/// </summary>
internal static unsafe partial class KvmProbe
{
    private const nuint PageSize = 4096;
    private const ulong GuestPage = 0x1000;
    private const byte Answer = 42;
    private const ushort Port = 0x10;

    // linux/kvm.h, on x86-64.
    private const uint KVM_CREATE_VM = 0xAE01;
    private const uint KVM_GET_VCPU_MMAP_SIZE = 0xAE04;
    private const uint KVM_CREATE_VCPU = 0xAE41;
    private const uint KVM_SET_TSS_ADDR = 0xAE47;
    private const uint KVM_RUN = 0xAE80;
    private const uint KVM_SET_USER_MEMORY_REGION = 0x4020AE46;
    private const uint KVM_SET_REGS = 0x4090AE82;
    private const uint KVM_GET_SREGS = 0x8138AE83;
    private const uint KVM_SET_SREGS = 0x4138AE84;
    private const uint KVM_EXIT_IO = 2;
    private const uint KVM_EXIT_HLT = 5;

    private static ReadOnlySpan<byte> Program =>
    [
        0xB0, Answer, // mov al, 42
        0xE6, (byte)Port, // out 0x10, al
        0xF4, // hlt
    ];

    /// <exception cref="IOException">Says which step failed and why.</exception>
    public static void Run()
    {
        using SafeFileHandle kvm = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        using SafeFileHandle machine = Made("KVM_CREATE_VM", Call(kvm, KVM_CREATE_VM, 0));
        Check("KVM_SET_TSS_ADDR", Call(machine, KVM_SET_TSS_ADDR, 0xFFFBD000));
        byte* memory = Map(PageSize, -1);
        Program.CopyTo(new Span<byte>(memory, (int)PageSize));
        var region = new MemoryRegion { GuestAddress = GuestPage, Size = PageSize, HostAddress = (ulong)memory };
        Check("KVM_SET_USER_MEMORY_REGION", Call(machine, KVM_SET_USER_MEMORY_REGION, (nuint)(&region)));

        using SafeFileHandle cpu = Made("KVM_CREATE_VCPU", Call(machine, KVM_CREATE_VCPU, 0));
        int stateSize = Check("KVM_GET_VCPU_MMAP_SIZE", Call(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
        byte* state = Map((nuint)stateSize, (int)cpu.DangerousGetHandle());
        SetRegisters(cpu);

        Expect(cpu, state, KVM_EXIT_IO);
        // struct kvm_run: from byte 32 {u8 direction, u8 size, u16 port, u32 count, u64 offset of the data}.
        byte written = state[*(ulong*)(state + 40)];
        if (*(ushort*)(state + 34) != Port || written != Answer)
        {
            throw new IOException($"the guest wrote {written} to port {*(ushort*)(state + 34)}, not {Answer} to {Port}");
        }

        Expect(cpu, state, KVM_EXIT_HLT);
    }

    private static void SetRegisters(SafeFileHandle cpu)
    {
        // struct kvm_sregs is 312 bytes and begins with cs: {u64 base, u32 limit, u16 selector, ...}.
        byte* special = stackalloc byte[312];
        Check("KVM_GET_SREGS", Call(cpu, KVM_GET_SREGS, (nuint)special));
        *(ulong*)special = 0;
        *(ushort*)(special + 12) = 0;
        Check("KVM_SET_SREGS", Call(cpu, KVM_SET_SREGS, (nuint)special));

        // struct kvm_regs: 16 general registers, then rip and rflags, of which bit 1 is always set.
        ulong* general = stackalloc ulong[18];
        new Span<ulong>(general, 18).Clear();
        general[16] = GuestPage;
        general[17] = 2;
        Check("KVM_SET_REGS", Call(cpu, KVM_SET_REGS, (nuint)general));
    }

    private static void Expect(SafeFileHandle cpu, byte* state, uint reason)
    {
        Check("KVM_RUN", Call(cpu, KVM_RUN, 0));
        uint actual = *(uint*)(state + 8);
        if (actual != reason)
        {
            throw new IOException($"the guest stopped with KVM_EXIT {actual}, not {reason}");
        }
    }

    private static int Call(SafeFileHandle handle, uint request, nuint argument) => Ioctl(handle, request, argument);

    private static SafeFileHandle Made(string call, int descriptor) => new(Check(call, descriptor), ownsHandle: true);

    private static int Check(string call, int result) => result >= 0 ? result : throw Failure(call);

    private static IOException Failure(string call) => new($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    private static byte* Map(nuint size, int descriptor)
    {
        const int readWrite = 1 | 2, shared = 1, anonymous = 0x20;
        byte* address = Mmap(null, size, readWrite, descriptor < 0 ? shared | anonymous : shared, descriptor, 0);
        return (nint)address != -1 ? address : throw Failure("mmap");
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle handle, nuint request, nuint argument);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Mmap(void* address, nuint size, int protection, int flags, int descriptor, nint offset);

    /// <summary>struct kvm_userspace_memory_region.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryRegion
    {
        public uint Slot;
        public uint Flags;
        public ulong GuestAddress;
        public ulong Size;
        public ulong HostAddress;
    }
}
