using System.Text;
using Atoll.Control.Webhooks;
using Xunit;

namespace Atoll.Unit.Webhooks;

public sealed class WebhookSignatureTests
{
    /// <summary>The example that libraries of Standard Webhooks are tested with.</summary>
    [Fact]
    public void A_delivery_is_signed_as_the_standard_says()
    {
        byte[] key = Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        byte[] body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
        Assert.Equal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", WebhookSignature.Secret(key));
        string signature = WebhookSignature.Of([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body);
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
        Assert.Equal($"{signature} {signature}", WebhookSignature.Of([key, key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body));
    }
}
