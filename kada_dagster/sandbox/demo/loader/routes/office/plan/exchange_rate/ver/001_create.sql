CREATE TABLE plan.exchange_rate (
    currency_code char(3) NOT NULL,
    valid_on date NOT NULL,
    per_euro numeric(12, 6) NOT NULL,
    PRIMARY KEY (currency_code, valid_on)
);
