namespace Atoll.Server.Doctor;

/// <summary>Makes and removes a table, in one transaction that leaves nothing even when it is cut off.</summary>
internal sealed class NftablesCheck : ICheck
{
    private const string Transaction =
        """
        add table inet atoll-doctor
        add chain inet atoll-doctor probe { type filter hook forward priority 0; policy accept; }
        add rule inet atoll-doctor probe iifname "atoll-doctor" counter drop
        delete table inet atoll-doctor
        """;

    public string Name => "nftables";

    public async Task<Finding> RunAsync(CancellationToken cancellation) =>
        await DoctorProcess.RunAsync("nft", ["-f", "-"], Transaction + "\n", cancellation) switch
        {
            null => Finding.Fail("nft is not installed", "apt-get install nftables"),
            { ExitCode: 0 } => Finding.Ok("a table with a chain and a rule can be made and removed"),
            { FirstError: var why } => Finding.Fail($"nft refuses a plain table: {why}", "run as root; load the modules: modprobe -a nf_tables nft_counter"),
        };
}
