using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Decides whether there is room for one more sandbox beside those that live. Asked inside of the transaction that
/// stores it, so that two creates can never both have the last place.
/// </summary>
internal sealed class Admission(ControlOptions options, INode node)
{
    private const double Gibibyte = 1L << 30;

    /// <exception cref="FaultException"><see cref="FaultCode.NoCapacity"/>.</exception>
    public void CheckRoom(Sandbox wanted, LiveUse used)
    {
        NodeCapabilities most = node.Capabilities;
        double memory = most.MaxMemoryMb * options.MemoryOvercommit;
        if (used.MemoryMb + wanted.Resources.MemoryMb > memory)
        {
            throw NoRoom($"{Math.Max(0, memory - used.MemoryMb):0} MB of memory are left for sandboxes");
        }

        double storage = (most.MaxStorageGb * options.StorageOvercommit) - (options.StorageReserve / Gibibyte);
        double stored = used.StorageGb + (used.ImageBytes / Gibibyte);
        if (stored + wanted.Resources.StorageGb > storage)
        {
            throw NoRoom($"{Math.Max(0, Math.Floor(storage - stored)):0} GB of storage are left for sandboxes");
        }

        if (new DriveInfo(options.DataDirectory).AvailableFreeSpace < options.StorageReserve)
        {
            throw NoRoom("the server's disk is nearly full");
        }
    }

    private static FaultException NoRoom(string why) =>
        new Fault(FaultCode.NoCapacity, $"{why}: ask for less, or try again when others have ended").AsException();
}
