using Atoll.Linux;

namespace Atoll.Node.Resources;

/// <summary>Makes the processes of one cgroup stand still, and go on; freezer of version 1, <c>cgroup.freeze</c> of version 2.</summary>
/// <param name="cgroup">On version 1 that of the freezer's hierarchy.</param>
internal sealed class CgroupFreezer(CgroupVersion version, Cgroup cgroup)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Returns when all of them stand still.</summary>
    /// <exception cref="IOException">There is no such cgroup, or they do not within 10 seconds; they go on then.</exception>
    public async Task FreezeAsync()
    {
        Set(frozen: true);
        for (TimeSpan left = Limit; !IsFrozen; left -= Pause)
        {
            if (left <= TimeSpan.Zero)
            {
                Set(frozen: false);
                throw new IOException($"the processes of {cgroup.Path} do not stand still");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Lets them go on; no matter if they did, or are no more.</summary>
    public void Thaw()
    {
        if (cgroup.Exists)
        {
            Set(frozen: false);
        }
    }

    private bool IsFrozen => version == CgroupVersion.V2
        ? Cgroup.ParseValue(cgroup.Read("cgroup.events"), "frozen") == 1
        : cgroup.Read("freezer.state") == "FROZEN";

    private void Set(bool frozen)
    {
        if (version == CgroupVersion.V2)
        {
            cgroup.Write("cgroup.freeze", frozen ? "1" : "0");
        }
        else
        {
            cgroup.Write("freezer.state", frozen ? "FROZEN" : "THAWED");
        }
    }
}
