using Atoll.Node;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Xunit;

namespace Atoll.Host.Doctor;

public sealed class NodeProbeTests
{
    [Fact]
    public async Task A_second_doctor_says_so_and_leaves_alone_what_the_first_is_at()
    {
        string data = Directory.CreateTempSubdirectory("atoll-doctor-").FullName;
        try
        {
            string used = Path.Combine(Directory.CreateDirectory(Path.Combine(data, "doctor")).FullName, "in-use");
            File.WriteAllText(used, "");
            using InstanceLock first = InstanceLock.Take("/run/atoll-doctor/probe");

            RuntimeProbe second = await NodeProbe.RunAsync(data, CancellationToken.None);

            Assert.Contains("another 'atoll doctor'", second.Problem);
            Assert.NotNull(second.Remedy);
            Assert.True(File.Exists(used));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
