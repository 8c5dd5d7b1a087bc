resource "aws_lb_listener" "http" {
  port = 80
  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.blue.arn
        weight = 95
      }
      target_group {
        arn    = aws_lb_target_group.green.arn
        weight = 5
      }
    }
  }
}
