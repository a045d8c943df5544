using Atoll.Api.DataPlane.Connect;
using Atoll.Domain;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class ConnectCodeTests
{
    [Fact]
    public void Every_fault_has_a_code_and_every_code_a_word_and_a_status()
    {
        foreach (FaultCode fault in Enum.GetValues<FaultCode>())
        {
            Assert.True(Enum.IsDefined(ConnectCodes.Of(fault)), fault.ToString());
        }

        foreach (ConnectCode code in Enum.GetValues<ConnectCode>())
        {
            Assert.Matches("^[a-z_]+$", code.Word());
            Assert.InRange(code.Status(), 400, 599);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => ConnectCodes.Of((FaultCode)(-1)));
    }

    /// <summary>The table of contracts/scalebox.md 3.5 and of the protocol.</summary>
    [Theory]
    [InlineData((int)ConnectCode.NotFound, "not_found", 404)]
    [InlineData((int)ConnectCode.InvalidArgument, "invalid_argument", 400)]
    [InlineData((int)ConnectCode.Unauthenticated, "unauthenticated", 401)]
    [InlineData((int)ConnectCode.ResourceExhausted, "resource_exhausted", 429)]
    [InlineData((int)ConnectCode.Unavailable, "unavailable", 503)]
    [InlineData((int)ConnectCode.Internal, "internal", 500)]
    [InlineData((int)ConnectCode.DeadlineExceeded, "deadline_exceeded", 504)]
    [InlineData((int)ConnectCode.AlreadyExists, "already_exists", 409)]
    [InlineData((int)ConnectCode.FailedPrecondition, "failed_precondition", 400)]
    [InlineData((int)ConnectCode.Unimplemented, "unimplemented", 501)]
    public void Codes_are_those_of_the_protocol(int code, string word, int status) =>
        Assert.Equal((word, status), (((ConnectCode)code).Word(), ((ConnectCode)code).Status()));
}
